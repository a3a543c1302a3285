//go:build amd64 && !noasm

package kernel

func (t tier) transpose(args *transposeArgs) {
	if t == portable {
		transposeGeneric(args)
	} else {
		transposeAVX2(args)
	}
}

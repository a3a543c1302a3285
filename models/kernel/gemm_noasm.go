//go:build !amd64 || noasm

package kernel

// multiplyVectors is never called: there is no tier but portable.
func (t tier) multiplyVectors(args *gemmArgs, vectors int, transposed bool) {
	multiplyGeneric(args, vectors*t.lanes(), transposed)
}

//go:build !amd64 || noasm

package kernel

func (t tier) transpose(args *transposeArgs) { transposeGeneric(args) }

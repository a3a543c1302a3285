//go:build !amd64 || noasm

package kernel

// peakTiers are the loops of multiplications with additions for each tier.
var peakTiers = [...]func(turns int) (operations int){portable: multiplyAddLoop}

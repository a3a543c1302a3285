//go:build !amd64 || noasm

package kernel

// supportedTiers returns the tiers of a build without assembly.
func supportedTiers() []tier { return []tier{portable} }

//go:build amd64 && !noasm

package kernel

import "golang.org/x/sys/cpu"

// supportedTiers returns the tiers that this CPU can run, the best last.
func supportedTiers() []tier {
	tiers := []tier{portable}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA && cpu.X86.HasBMI2 {
		tiers = append(tiers, avx2)
		if cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL {
			tiers = append(tiers, avx512)
		}
	}
	return tiers
}

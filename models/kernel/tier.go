package kernel

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// A tier is a set of kernels for one level of vector instructions.
type tier uint8

const (
	portable tier = iota // plain Go
	avx2                 // AVX2 and FMA: vectors of 8
	avx512               // AVX-512 F, BW, DQ and VL: vectors of 16
)

var tierNames = []string{"portable", "avx2", "avx512"}

func (t tier) String() string { return tierNames[t] }

// lanes is the number of float32s in a vector.
func (t tier) lanes() int { return []int{1, 8, 16}[t] }

// panelWidth is the number of columns of the widest matrix-product kernel: with 6
// rows they fill the registers.
func (t tier) panelWidth() int { return []int{quadWidth, 16, maxPanelWidth}[t] }

// panelWidth is that of the tier in use.
func panelWidth() int { return active.panelWidth() }

// TierVariable is the environment variable that names the tier to use.
const TierVariable = "ZOO_KERNEL"

// active is the tier that new kernels use.
var active, tierErr = chooseTier(os.Getenv(TierVariable), supportedTiers())

// Tier returns the name of the kernels in use: portable, avx2 or avx512, the best that
// the CPU has unless the environment variable ZOO_KERNEL names another. The error says
// that ZOO_KERNEL names an unknown tier or one that this CPU or build lacks; portable
// kernels are used then.
func Tier() (string, error) { return active.String(), tierErr }

// chooseTier returns the tier called name, or the best one if name is empty.
func chooseTier(name string, supported []tier) (tier, error) {
	if name == "" {
		return supported[len(supported)-1], nil
	}
	i := slices.Index(tierNames, name)
	if i < 0 {
		return portable, fmt.Errorf("ZOO_KERNEL=%q is unknown: use one of %s", name, strings.Join(tierNames, ", "))
	}
	if !slices.Contains(supported, tier(i)) {
		return portable, fmt.Errorf("ZOO_KERNEL=%s: this CPU or build has no %s kernels: use one of %v", name, name, supported)
	}
	return tier(i), nil
}

package train

import (
	"runtime"
	"runtime/debug"
)

// Machine is where a run was computed.
type Machine struct {
	CPU   string `json:"cpu"` // the processor's own name, "unknown" where it tells none
	Cores int    `json:"cores"`
	OS    string `json:"os"`
	Arch  string `json:"arch"`
}

// ThisMachine describes the machine that the program runs on.
func ThisMachine() Machine {
	cpu := cpuModel()
	if cpu == "" {
		cpu = "unknown"
	}
	return Machine{CPU: cpu, Cores: runtime.NumCPU(), OS: runtime.GOOS, Arch: runtime.GOARCH}
}

// Versions is what a run was computed with.
type Versions struct {
	Zoo      string `json:"zoo"`
	Go       string `json:"go"`
	Gorgonia string `json:"gorgonia"`
	Tensor   string `json:"tensor"`
}

// TheseVersions are those of the running program, whose own is zoo.
func TheseVersions(zoo string) Versions {
	var modules []*debug.Module
	if info, ok := debug.ReadBuildInfo(); ok {
		modules = info.Deps
	}
	return Versions{
		Zoo:      zoo,
		Go:       runtime.Version(),
		Gorgonia: version(modules, "gorgonia.org/gorgonia"),
		Tensor:   version(modules, "gorgonia.org/tensor"),
	}
}

// version is that of the module with this path, "unknown" where it is not
// recorded, as in a test binary.
func version(modules []*debug.Module, path string) string {
	for _, module := range modules {
		if module.Path == path {
			return module.Version
		}
	}
	return "unknown"
}

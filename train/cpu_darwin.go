package train

import "syscall"

// cpuModel is the processor's name, "" where there is none.
func cpuModel() string {
	name, err := syscall.Sysctl("machdep.cpu.brand_string")
	if err != nil {
		return ""
	}
	return name
}

package cli

import (
	"runtime"
	"runtime/debug"

	"zoo/models/kernel"
	"zoo/train"
)

// printVersion writes what a report of a fault has to name.
func printVersion(out *output) {
	v := train.TheseVersions(version())
	out.printf("zoo       %s\n", v.Zoo)
	out.printf("Go        %s %s/%s\n", v.Go, runtime.GOOS, runtime.GOARCH)
	out.printf("Gorgonia  %s, tensor %s\n", v.Gorgonia, v.Tensor)
	tier, _ := kernel.Tier() // its error has been dealt with
	out.printf("kernels   %s\n", tier)
}

// version is the program's own: a tag, or the commit that it was built from; "(devel)" under go run, which records neither.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}

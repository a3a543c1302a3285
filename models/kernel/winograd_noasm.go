//go:build !amd64 || noasm

package kernel

func (t tier) winogradInput(args *winogradArgs) { winogradInputGeneric(args) }

func (t tier) winogradOutput(args *winogradArgs) { winogradOutputGeneric(args) }

func (t tier) winogradOutputGrad(args *winogradArgs) { winogradOutputGradGeneric(args) }

func (t tier) winogradInputGrad(args *winogradArgs) { winogradInputGradGeneric(args) }

func (t tier) winogradFilter(args *winogradFilterArgs) { winogradFilterGeneric(args) }

func (t tier) winogradFilterGrad(args *winogradFilterArgs) { winogradFilterGradGeneric(args) }

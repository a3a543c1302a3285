package train

import (
	"fmt"
	"strconv"
)

// exact is a number that JSON keeps to the bit, NaN and the infinities among
// them, for which JSON has no numbers: as a string.
type exact float64

func (x exact) MarshalText() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(x), 'g', -1, 64), nil
}

func (x *exact) UnmarshalText(text []byte) error {
	value, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return fmt.Errorf("%q is not a number", text)
	}
	*x = exact(value)
	return nil
}

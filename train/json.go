package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// ReadJSON reads one JSON value into value, a pointer. Unknown and missing
// fields, also of the elements of lists, and text after the end are refused.
func ReadJSON(r io.Reader, value any) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(value); err != nil {
		return located(text, err)
	}
	if rest := text[in.InputOffset():]; len(bytes.TrimSpace(rest)) > 0 {
		return errors.New("text after the end")
	}
	return checkComplete(value, text)
}

// located adds the line to an error of the decoder that knows its place.
func located(text []byte, err error) error {
	var offset int64
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &kind):
		offset = kind.Offset
	default:
		return err
	}
	return fmt.Errorf("line %d: %w", 1+bytes.Count(text[:min(int(offset), len(text))], []byte("\n")), err)
}

// checkComplete refuses a text that lacks a field, which the decoder would
// leave at its zero value.
func checkComplete(value any, text []byte) error {
	complete, err := json.Marshal(value)
	if err != nil {
		return err
	}
	var want, have any
	if err := errors.Join(json.Unmarshal(complete, &want), json.Unmarshal(text, &have)); err != nil {
		return err
	}
	if field := missing(want, have); field != "" {
		return fmt.Errorf("the field %s is missing", field)
	}
	return nil
}

// missing is the path of the first field that have lacks of those in want.
func missing(want, have any) string {
	if list, ok := want.([]any); ok {
		others, _ := have.([]any)
		for i := range min(len(list), len(others)) {
			if field := missing(list[i], others[i]); field != "" {
				return fmt.Sprintf("%d.%s", i, field)
			}
		}
	}
	wanted, _ := want.(map[string]any)
	got, _ := have.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		value, ok := got[name]
		if !ok {
			return name
		}
		if field := missing(wanted[name], value); field != "" {
			return name + "." + field
		}
	}
	return ""
}

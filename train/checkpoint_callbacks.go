package train

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"zoo/models/weights"
)

// named is a Stateful callback with the name under which its state is kept.
type named struct {
	name     string
	callback Stateful
}

// statefuls names the callbacks that have a state by their types, as Keras names
// layers: EarlyStopping, EarlyStopping_1.
func statefuls(callbacks []Callback) []named {
	var all []named
	counts := map[string]int{}
	for _, callback := range callbacks {
		stateful, ok := callback.(Stateful)
		if !ok {
			continue
		}
		kind := fmt.Sprintf("%T", callback)
		kind = kind[strings.LastIndexByte(kind, '.')+1:]
		name := kind
		if n := counts[kind]; n > 0 {
			name = fmt.Sprintf("%s_%d", kind, n)
		}
		counts[kind]++
		all = append(all, named{name, stateful})
	}
	return all
}

// tensorsPrefix begins the names of a callback's tensors.
func tensorsPrefix(name string) string { return weights.CallbackPrefix + name + "/" }

// callbackStates is the states of the callbacks by name, and their tensors.
func callbackStates(callbacks []Callback) (map[string]json.RawMessage, []weights.Tensor, error) {
	states := map[string]json.RawMessage{}
	var tensors []weights.Tensor
	for _, c := range statefuls(callbacks) {
		state, err := c.callback.State()
		if err != nil {
			return nil, nil, fmt.Errorf("state of %s: %w", c.name, err)
		}
		states[c.name] = state
		if with, ok := c.callback.(StatefulTensors); ok {
			for _, t := range with.StateTensors() {
				t.Name = tensorsPrefix(c.name) + t.Name
				tensors = append(tensors, t)
			}
		}
	}
	return states, tensors, nil
}

// fitCallbacks refuses a checkpoint that was made with other callbacks.
func (t *trainer) fitCallbacks(c *Checkpoint) error {
	var here []string
	for _, n := range statefuls(t.callbacks) {
		here = append(here, n.name)
	}
	slices.Sort(here)
	if there := slices.Sorted(maps.Keys(c.Callbacks)); !slices.Equal(here, there) {
		return fmt.Errorf("the checkpoint was made with the callbacks %v, but here are %v", there, here)
	}
	return nil
}

// restoreCallbacks gives the callbacks what the checkpoint kept of them, and lets
// go of its arrays, which are all copied then.
func (t *trainer) restoreCallbacks() error {
	if t.resumed == nil {
		return nil
	}
	for _, c := range statefuls(t.callbacks) {
		if with, ok := c.callback.(StatefulTensors); ok {
			if err := with.SetStateTensors(t.resumed.tensorsOf(c.name)); err != nil {
				return fmt.Errorf("cannot resume: arrays of %s: %w", c.name, err)
			}
		}
		if err := c.callback.SetState(t.resumed.Callbacks[c.name]); err != nil {
			return fmt.Errorf("cannot resume: state of %s: %w", c.name, err)
		}
	}
	t.resumed = &Checkpoint{State: t.resumed.State}
	return nil
}

// tensorsOf is the tensors of a callback under the names that it gave them.
func (c *Checkpoint) tensorsOf(callback string) []weights.Tensor {
	var tensors []weights.Tensor
	for _, t := range c.file.Tensors {
		if name, ok := strings.CutPrefix(t.Name, tensorsPrefix(callback)); ok {
			t.Name = name
			tensors = append(tensors, t)
		}
	}
	return tensors
}

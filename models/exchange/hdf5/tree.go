package hdf5

import (
	"fmt"
	"strings"
)

// node is a group or data set of a file that is to be written.
type node struct {
	children   map[string]*node // of a group
	group      bool             // it is listed as one
	dataset    *Dataset         // nil: it is a group
	attributes []Attribute
}

// treeOf is the file's objects from the root on. It refuses what is not a file:
// names that come twice, shapes that are not those of their data.
func treeOf(f *File) (*node, error) {
	root := &node{}
	for _, path := range f.Groups {
		n, err := root.make(path)
		if err != nil {
			return nil, fmt.Errorf("group %q: %w", path, err)
		}
		n.group = true
	}
	for i := range f.Datasets {
		d := &f.Datasets[i]
		if err := root.add(d); err != nil {
			return nil, fmt.Errorf("data set %q: %w", d.Path, err)
		}
	}
	for _, a := range f.Attributes {
		if err := root.attach(a); err != nil {
			return nil, fmt.Errorf("attribute %q of %q: %w", a.Name, a.Path, err)
		}
	}
	return root, nil
}

// make is the object of that path, made as a group if there is none. A data set can
// only be the last step.
func (n *node) make(path string) (*node, error) {
	if err := checkPath(len(path), strings.Count(path, "/")); err != nil {
		return nil, err
	}
	for name := range strings.SplitSeq(path, "/") {
		if err := checkName(name); err != nil {
			return nil, err
		}
		if n.dataset != nil {
			return nil, fmt.Errorf("%q is a data set and a group", n.dataset.Path)
		}
		if n.children == nil {
			n.children = map[string]*node{}
		}
		if n.children[name] == nil {
			n.children[name] = &node{}
		}
		n = n.children[name]
	}
	return n, nil
}

func (n *node) add(d *Dataset) error {
	count, err := elements(d.Shape)
	switch {
	case err != nil:
		return err
	case d.Float32 != nil && d.Int64 != nil:
		return fmt.Errorf("both float32 and int64")
	case count != len(d.Float32)+len(d.Int64):
		return fmt.Errorf("shape %v, but %d elements", d.Shape, len(d.Float32)+len(d.Int64))
	}
	at, err := n.make(d.Path)
	switch {
	case err != nil:
		return err
	case at.dataset != nil:
		return fmt.Errorf("it comes twice")
	case at.group || at.children != nil:
		return fmt.Errorf("it is a data set and a group")
	}
	at.dataset = d
	return nil
}

func (n *node) attach(a Attribute) error {
	if err := checkAttribute(a.Name, a.Value); err != nil {
		return err
	}
	if a.Path != "" {
		for name := range strings.SplitSeq(a.Path, "/") {
			if n = n.children[name]; n == nil {
				return fmt.Errorf("there is no such object")
			}
		}
	}
	if len(n.attributes) == maxAttributes {
		return fmt.Errorf("it has more than %d attributes", maxAttributes)
	}
	n.attributes = append(n.attributes, a)
	return nil
}

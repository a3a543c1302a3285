// Package hdf5 writes and reads the small part of HDF5 that Keras uses in its
// files of weights: groups, data sets of float32 and of integers, and texts as
// attributes.
//
// # What is written
//
// The oldest of the format's layouts, the one that libhdf5 and so h5py and Keras
// write unless told otherwise: superblock 0, object headers of version 1, groups as
// symbol tables. Every version of libhdf5 and every other reader knows it, and a
// reader of Keras's files has to know it anyway; the newer layout is a little
// smaller and has checksums of its structure (not of the data), which would be
// a second format to write, read and test. Float32 and int64 are written, little-endian,
// contiguous, the data behind all structure.
//
// # What is read
//
// Files in that layout: float32 and integers of 1, 2, 4 and 8 bytes of either
// byte order, contiguous or compact (in the object's header). Attributes are read
// when they are one text (Keras's "name"), others are passed over. Everything else is refused
// with ErrUnsupported and the object's name: chunked and compressed data sets, floats
// of other sizes (nothing is rounded silently), soft and external links, objects
// with two names, superblocks 2 and 3 and what h5py writes with libver="latest" or
// track_order=True. HDF5's own h5repack -l CONTI -f NONE OLD NEW makes chunked and compressed data
// contiguous.
//
// A file carries no checksum: damage to the structure gives ErrDamaged where it
// leads to something impossible (parts that overlap are impossible too), a wrong bit in
// the data is not seen. A file that was cut off is always refused.
//
// # The format
//
// The source is the HDF5 File Format Specification, version 3.0, of the HDF Group; its
// sections are named where they matter. All integers are little-endian; addresses and
// lengths have 8 bytes here; an address of all ones is none. Read from the outside in:
//
//   - The superblock (II.A), at address 0, has the address of the root group's
//     object header and of the file's end.
//   - An object header (IV.A.1.a) is a list of messages, each of 8 bytes of header and
//     a body, padded to 8 bytes. It may go on elsewhere (continuation message).
//   - A group's header has the symbol table message (IV.A.2.r): the addresses of a B-tree and
//     of a local heap. The B-tree's (III.A.1) leaves are symbol table nodes (III.B)
//     of entries (III.C): a name, as its offset in the local heap (III.D), and the
//     address of that object's header. Names ascend by their bytes.
//   - A data set's header has dataspace (IV.A.2.b: the shape), datatype (IV.A.2.d)
//     and data layout (IV.A.2.i: where the data lies).
//   - An attribute (IV.A.2.m) has its name, type and shape in one message. A text of variable
//     length lies in a collection of the global heap (III.E).
package hdf5

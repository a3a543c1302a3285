package tensorboard

import (
	"encoding/binary"
	"hash/crc32"
)

// An event file is a sequence of TFRecords. One is the length of its data (8
// bytes, little-endian), the length's checksum (4), the data and their checksum (4).
const (
	lengthSize   = 8
	checksumSize = 4
	overhead     = lengthSize + checksumSize + checksumSize
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum is the CRC-32C of data, rotated right by 15 bits and moved by a
// constant: data that hold checksums of their own stay well protected.
func checksum(data []byte) uint32 {
	crc := crc32.Checksum(data, castagnoli)
	return (crc>>15 | crc<<17) + 0xa282ead8
}

// appendRecord appends the TFRecord of data.
func appendRecord(to, data []byte) []byte {
	length := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	to = append(to, length...)
	to = binary.LittleEndian.AppendUint32(to, checksum(length))
	to = append(to, data...)
	return binary.LittleEndian.AppendUint32(to, checksum(data))
}

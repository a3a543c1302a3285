package kernel

// panelsSize returns the floats that the panels of a factor [rows, cols] take.
func panelsSize(rows, cols int) int { return rows * roundUp(cols, panelWidth()) }

// packPanels copies src [rows, cols], whose rows are ld apart, into panels.
func packPanels(dst, src []float32, rows, cols, ld int) {
	width := panelWidth()
	for col := 0; col < cols; col += width {
		n := min(width, cols-col)
		panel := dst[col*rows:][:rows*width]
		for r := range rows {
			line := panel[r*width:][:width]
			copy(line, src[r*ld+col:][:n])
			clear(line[n:])
		}
	}
}

// packTransposed copies the transpose of src [cols, rows], whose rows are ld
// apart, into one panel; cols <= panelWidth.
func packTransposed(panel, src []float32, rows, cols, ld int) {
	width := panelWidth()
	panel = panel[:rows*width]
	if cols < width {
		clear(panel)
	}
	transpose(panel, width, src, cols, rows, ld)
}

// Package plots renders what models and train publish: the curves of a
// training run, the structure diagram of a model, sample grids of a data set,
// model.summary(), the table of all models and the report.
//
// Pictures are Drawings, written as PNG or SVG; texts are written to an
// io.Writer. The same input gives the same bytes. Nothing here trains, reads
// files or needs an external program.
package plots

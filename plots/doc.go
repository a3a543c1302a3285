// Package plots renders what models and train publish: the curves of one
// training and of several seeds, the structure diagram of a model, sample grids of
// a data set; a model's answers as confusion matrix, accuracy of each class,
// reliability diagram, surest mistakes and first filters; model.summary(), the
// table of all models and the report, as Markdown and as one HTML page.
//
// Pictures are Drawings, written as PNG or SVG; texts are written to an
// io.Writer. The same input gives the same bytes. Nothing here trains or
// needs an external program, and the report's pictures alone are read, from the
// file system that its caller gives.
package plots

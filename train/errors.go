package train

import (
	"context"
	"errors"
)

// ErrDiverged is in the error of a training whose loss is no longer a number.
var ErrDiverged = errors.New("the training diverged")

// stopped is the error of a training whose context ended. It reads as the
// cause that the context was given, and is both that and the context's own error.
type stopped struct{ cause, err error }

func stoppedBy(ctx context.Context) error { return stopped{context.Cause(ctx), ctx.Err()} }

func (s stopped) Error() string   { return s.cause.Error() }
func (s stopped) Unwrap() []error { return []error{s.cause, s.err} }

// join is errors.Join that leaves an error that comes alone as it is.
func join(err, next error) error {
	switch {
	case next == nil:
		return err
	case err == nil:
		return next
	}
	return errors.Join(err, next)
}

package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/asofdb/asof/sql/types"
)

// input is a file as it was when it was first looked at.
type input struct {
	path string // absolute
	info fs.FileInfo
}

// look refuses what is no file that can be read. A pipe is none: it can be read once only.
func look(path string) (input, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e := types.Errorf(types.CodeBadFile, "there is no file %s", path)
		e.Err = err
		return input{}, e.WithHint("a path that does not begin with / is relative to the working directory of the process that reads it")
	case err != nil:
		return input{}, unreadable(path, err)
	case info.IsDir():
		return input{}, types.Errorf(types.CodeBadFile, "%s is a directory", path).WithHint("name one file, as 'data/labels.csv'")
	case !info.Mode().IsRegular():
		return input{}, types.Errorf(types.CodeBadFile, "%s is not a regular file", path).WithHint("name one file, as 'data/labels.csv'")
	}
	return input{path, info}, nil
}

// same reports an error if the file is another one by now.
func (in input) same() error {
	info, err := os.Stat(in.path)
	if err != nil {
		return unreadable(in.path, err)
	}
	if !os.SameFile(info, in.info) || info.Size() != in.info.Size() || !info.ModTime().Equal(in.info.ModTime()) {
		return in.changed()
	}
	return nil
}

func (in input) changed() error {
	return types.Errorf(types.CodeInvalidSource, "file %s was changed while it was read", in.path).WithHint("run the statement again")
}

func unreadable(path string, err error) error {
	reason := err
	var onPath *fs.PathError
	if errors.As(err, &onPath) {
		reason = onPath.Err
	}
	return &types.Error{Code: types.CodeBadFile, Message: fmt.Sprintf("file %s cannot be read: %v", path, reason), Err: err}
}

// at puts the place before what is wrong there: "file /data/labels.csv, line 7: …".
func (in input) at(place string, err error) error {
	prefix := fmt.Sprintf("file %s, %s: ", in.path, place)
	var e *types.Error
	if !errors.As(err, &e) {
		return &types.Error{Code: types.CodeInvalidSource, Message: prefix + err.Error(), Err: err}
	}
	return &types.Error{Code: e.Code, Message: prefix + e.Message, Detail: e.Detail, Hint: e.Hint, Err: err}
}

func (in input) atLine(line int64, err error) error { return in.at(fmt.Sprintf("line %d", line), err) }

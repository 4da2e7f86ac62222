//go:build !linux

package main

import (
	"errors"
	"math/rand/v2"
)

// disk is a file system whose power can be cut, which takes Linux.
type disk struct {
	mounted    string
	cuts, torn int
}

func newDisk(string) (*disk, error) { return nil, errors.New("power cuts need Linux") }

func (d *disk) cut(*process, *rand.Rand) error { return nil }
func (d *disk) restore() error                 { return nil }
func (d *disk) keep(string) error              { return nil }
func (d *disk) close() error                   { return nil }

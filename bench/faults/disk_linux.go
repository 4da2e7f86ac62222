package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// disk is a file system whose power can be cut: ext4 in a file in memory, whose journal is committed by nobody's clock. What a process has not synced stands in the
// kernel's memory and not in the file, so that a copy of the file is what a power cut leaves. The kernel writes back by itself only what is half a minute old,
// and no child lives that long without a sync.
type disk struct {
	ram, image, mounted string
	cuts, torn          int
}

// diskSize leaves room for the write-ahead logs, of which each is reserved, and for what must stay free. Blocks that were never written take no memory.
const diskSize = 2 << 30

// newDisk makes a disk in dir and mounts it there. That takes a superuser.
func newDisk(dir string) (d *disk, err error) {
	d = &disk{ram: filepath.Join(dir, "ram"), mounted: filepath.Join(dir, "disk")}
	d.image = filepath.Join(d.ram, "image")
	if err := errors.Join(os.Mkdir(d.ram, 0o700), os.Mkdir(d.mounted, 0o700)); err != nil {
		return nil, err
	}
	if err := command("mount", "-t", "tmpfs", "-o", fmt.Sprint("size=", 2*diskSize), "asof-faults", d.ram); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	if err := errors.Join(os.WriteFile(d.image, nil, 0o600), os.Truncate(d.image, diskSize)); err != nil {
		return nil, err
	}
	if err := command("mkfs.ext4", "-q", "-F", d.image); err != nil {
		return nil, err
	}
	return d, d.mount()
}

func (d *disk) mount() error {
	return command("mount", "-o", "loop,commit=3000,discard", d.image, d.mounted)
}

func (d *disk) unmount() error {
	var err error
	for range 50 { // the kernel may still be closing what a killed process had open
		if err = command("umount", d.mounted); err == nil {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return err
}

// close unmounts everything. A disk that could not be mounted has nothing to unmount.
func (d *disk) close() error {
	if mounts, err := os.ReadFile("/proc/mounts"); err == nil && bytes.Contains(mounts, []byte(" "+d.mounted+" ")) {
		if err := d.unmount(); err != nil {
			return err
		}
	}
	return command("umount", d.ram)
}

// keep saves the disk as it is, for whoever looks for the reason of a failure, before it is closed.
func (d *disk) keep(path string) error { return copyImage(d.image, path) }

// cut takes the power from the disk of a process: the process stands still, the disk is copied, the process is killed. What the process said until it stood still was said
// before the cut. restore follows, once the process is gone.
//
// Half of the cuts are torn: before the copy a few files are synced and the unsynced pages of others are written, as a kernel does when it likes, and of what this wrote
// the copy has each sector or has it not.
func (d *disk) cut(p *process, rng *rand.Rand) error {
	defer p.kill()
	if err := p.freeze(); err != nil {
		return err
	}
	d.cuts++
	if rng.IntN(2) == 0 {
		return copyImage(d.image, d.image+".cut")
	}
	d.torn++
	return d.tear(rng)
}

func (d *disk) tear(rng *rand.Rand) error {
	sync := func(f *os.File) error { return f.Sync() }
	if err := d.some(rng, 6, sync); err != nil {
		return err
	}
	if err := copyImage(d.image, d.image+".cut"); err != nil {
		return err
	}
	if err := d.some(rng, 2, writeBack); err != nil {
		return err
	}
	return mixSectors(d.image, d.image+".cut", rng)
}

// some does something to one file out of so many.
func (d *disk) some(rng *rand.Rand, outOf int, do func(*os.File) error) error {
	return filepath.WalkDir(d.mounted, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || rng.IntN(outOf) > 0 {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		return errors.Join(do(f), f.Close())
	})
}

// writeBack writes a file's dirty pages to the disk, and nothing that says where they are: the journal is left alone.
func writeBack(f *os.File) error {
	const wait, write, waitAgain = 1, 2, 4 // SYNC_FILE_RANGE_*
	return syscall.SyncFileRange(int(f.Fd()), 0, 0, wait|write|waitAgain)
}

// restore puts the copy in the disk's place and turns the power on again.
func (d *disk) restore() error {
	if err := d.unmount(); err != nil {
		return err
	}
	if err := os.Rename(d.image+".cut", d.image); err != nil {
		return err
	}
	return d.mount()
}

// freeze stops a process and waits until all its threads stand still: one in the kernel ends what it does there first. A process that has ended is as still as can be.
func (p *process) freeze() error {
	pid := p.cmd.Process.Pid
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); errors.Is(err, os.ErrProcessDone) {
		return nil
	} else if err != nil {
		return fmt.Errorf("stop the child: %w", err)
	}
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		still, err := standsStill(pid)
		if err != nil || still {
			return err
		}
		if time.Since(began) > hanging {
			return errors.New("the child does not stand still")
		}
	}
}

func standsStill(pid int) (bool, error) {
	stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil {
		return false, err
	}
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // this thread has ended
		}
		if err != nil {
			return false, err
		}
		_, state, _ := bytes.Cut(b[bytes.LastIndexByte(b, ')'):], []byte(" "))
		if !bytes.ContainsRune([]byte("TZX"), rune(state[0])) {
			return false, nil
		}
	}
	return true, nil
}

const (
	seekData = 3
	seekHole = 4
	sector   = 512
)

// extents calls f for each part of a file that was ever written.
func extents(in *os.File, f func(from, to int64) error) error {
	for to := int64(0); ; {
		from, err := in.Seek(to, seekData)
		if errors.Is(err, syscall.ENXIO) {
			return nil
		}
		if err != nil {
			return err
		}
		if to, err = in.Seek(from, seekHole); err != nil {
			return err
		}
		if err := f(from, to); err != nil {
			return err
		}
	}
}

// copyImage copies a file with its holes.
func copyImage(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	if err := out.Truncate(diskSize); err != nil {
		return err
	}
	return extents(in, func(from, to int64) error {
		if _, err := in.Seek(from, io.SeekStart); err != nil {
			return err
		}
		if _, err := out.Seek(from, io.SeekStart); err != nil {
			return err
		}
		_, err := io.CopyN(out, in, to-from)
		return err
	})
}

// mixSectors writes, of the sectors in which two images differ, a random half of the first image's into the second.
func mixSectors(from, to string, rng *rand.Rand) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer out.Close()
	a, b := make([]byte, 1<<20), make([]byte, 1<<20)
	return extents(in, func(from, to int64) error {
		for at := from; at < to; at += int64(len(a)) {
			n := min(int64(len(a)), to-at)
			if _, err := in.ReadAt(a[:n], at); err != nil {
				return err
			}
			if _, err := out.ReadAt(b[:n], at); err != nil {
				return err
			}
			if bytes.Equal(a[:n], b[:n]) {
				continue
			}
			for i := int64(0); i < n; i += sector {
				if !bytes.Equal(a[i:i+sector], b[i:i+sector]) && rng.IntN(2) == 0 {
					copy(b[i:i+sector], a[i:i+sector])
				}
			}
			if _, err := out.WriteAt(b[:n], at); err != nil {
				return err
			}
		}
		return nil
	})
}

// command runs a program. Its error has what the program said.
func command(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

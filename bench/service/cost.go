package service

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// CPU is the processor time that a process has used, in steps of 10 ms; 0 where there is none.
func CPU(pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	ticks := 0
	for _, f := range fields[11:13] { // utime and stime, in hundredths of a second
		n, _ := strconv.Atoi(f)
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// OwnCPU is the processor time that this process has used.
func OwnCPU() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // it fails for bad arguments only
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Profiled runs fn under a CPU profile that goes to path; "" for none.
func Profiled(path string, fn func() error) error {
	if path == "" {
		return fn()
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return fn()
}

// Memory is what a process has resident, in bytes: its own, and pages of files that it has mapped, which the kernel takes back when it wants them.
type Memory struct{ Own, Mapped int64 }

// Resident says what memory a process has.
func Resident(pid int) (m Memory, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return m, err
	}
	var size, resident, shared int64 // pages
	if _, err := fmt.Sscan(string(text), &size, &resident, &shared); err != nil {
		return m, err
	}
	page := int64(os.Getpagesize())
	return Memory{Own: (resident - shared) * page, Mapped: shared * page}, nil
}

// Files are the descriptors that a process has open.
type Files struct {
	Data    int // of files in a directory
	Deleted int // of files in it that have no name any more
	Other   int // of connections, pipes and everything else
}

// OpenFiles counts a process's descriptors, those of files in dir apart.
func OpenFiles(pid int, dir string) (f Files, err error) {
	folder := fmt.Sprintf("/proc/%d/fd", pid)
	list, err := os.ReadDir(folder)
	for _, d := range list {
		path, err := os.Readlink(filepath.Join(folder, d.Name()))
		switch {
		case err != nil: // closed since
		case !strings.HasPrefix(path, dir+"/"):
			f.Other++
		case strings.HasSuffix(path, " (deleted)"):
			f.Deleted++
		default:
			f.Data++
		}
	}
	return f, err
}

// DiskBytes is what the files of a data directory take, without the ballast that is kept for a full disk. Files may go away meanwhile.
func DiskBytes(dir string) (total int64, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil || d.IsDir() || d.Name() == "BALLAST" {
			return err
		}
		info, err := d.Info()
		if os.IsNotExist(err) {
			return nil
		}
		if err == nil {
			total += info.Sys().(*syscall.Stat_t).Blocks * 512
		}
		return err
	})
	return total, err
}

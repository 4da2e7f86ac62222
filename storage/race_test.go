//go:build race

package storage

// raceDetector is set where the race detector runs.
const raceDetector = true

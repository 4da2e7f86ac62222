// Package storage keeps bytes on Badger.
package storage

package main

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// The programs that we run are a gzip-compressed tar behind our own end. After it comes a trailer:
// its SHA-256 in hexadecimal digits, its length (8 bytes, big endian), and the magic.
const (
	payloadMagic   = "kplay-double-payload"
	payloadTrailer = 64 + 8 + len(payloadMagic)
)

// programs unpacks the programs that we run, once, and gives the directory they are in. It puts
// that directory into PATH and tells the components their version.
func programs(c *Config) (string, error) {
	directory := os.Getenv("KPLAY_DOUBLE_PROGRAMS")
	if directory == "" {
		self, err := os.Executable()
		if err != nil {
			return "", err
		}
		if directory, err = unpackPayload(c, self); err != nil {
			return "", fmt.Errorf("extracting data: %w", err)
		}
	}
	os.Setenv("DOUBLE_KUBE_VERSION", version)
	os.Setenv("PATH", directory+":"+os.Getenv("PATH"))
	if os.Getenv("HOME") == "" {
		os.Setenv("HOME", "/root")
	}
	return directory, nil
}

// unpackPayload lays the payload of the program at self below the data directory: K3s names the
// place by a digest and links `data/current` to it, RKE2 by version and digest and links `bin`.
func unpackPayload(c *Config, self string) (string, error) {
	file, err := os.Open(self)
	if err != nil {
		return "", err
	}
	defer file.Close()
	payload, digest, err := findPayload(file)
	if err != nil {
		return "", err
	}
	// Each release has a directory of its own, also when its payload is that of another.
	sum := sha256.Sum256([]byte(digest + " " + version))
	name, link, target := hex.EncodeToString(sum[:]), c.Dir("data", "current"), ""
	if c.Distro.Name == distroRKE2.Name {
		name = strings.ReplaceAll(version, "+", "-") + "-" + name[:12]
		link = c.Dir("bin")
	}
	place := c.Dir("data", name)
	if target = place; link == c.Dir("bin") {
		target = filepath.Join(place, "bin")
	}
	if _, err := os.Stat(place); err != nil {
		infof("Preparing data dir %s", place)
		if err := unpackAt(payload, place); err != nil {
			return "", err
		}
	}
	return filepath.Join(place, "bin"), relink(link, target)
}

func findPayload(file *os.File) (io.Reader, string, error) {
	end, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, "", err
	}
	trailer := make([]byte, payloadTrailer)
	start := end - int64(payloadTrailer)
	if start < 0 {
		return nil, "", errors.New("this program was built without its payload")
	}
	if _, err := file.ReadAt(trailer, start); err != nil {
		return nil, "", err
	}
	if string(trailer[72:]) != payloadMagic {
		return nil, "", errors.New("this program was built without its payload")
	}
	length := int64(binary.BigEndian.Uint64(trailer[64:72]))
	if length <= 0 || length > start {
		return nil, "", errors.New("the payload of this program is cut short")
	}
	return io.NewSectionReader(file, start-length, length), string(trailer[:64]), nil
}

// unpackAt makes place whole or not at all.
func unpackAt(payload io.Reader, place string) error {
	draft := place + "-tmp"
	if err := os.RemoveAll(draft); err != nil {
		return err
	}
	unpacked, err := gzip.NewReader(bufio.NewReaderSize(payload, 1<<20))
	if err != nil {
		return err
	}
	archive := tar.NewReader(unpacked)
	for {
		header, err := archive.Next()
		if err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		if !filepath.IsLocal(header.Name) {
			return fmt.Errorf("the payload names %q", header.Name)
		}
		if err := lay(header, archive, filepath.Join(draft, header.Name)); err != nil {
			return err
		}
	}
	return os.Rename(draft, place)
}

func lay(header *tar.Header, content io.Reader, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	switch header.Typeflag {
	case tar.TypeDir:
		return os.MkdirAll(path, 0o755)
	case tar.TypeSymlink:
		return os.Symlink(header.Linkname, path)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, os.FileMode(header.Mode))
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, content); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

// relink points the link at target in one step.
func relink(link, target string) error {
	if now, err := os.Readlink(link); err == nil && now == target {
		return nil
	}
	draft := link + ".new"
	_ = os.Remove(draft)
	if err := os.Symlink(target, draft); err != nil {
		return err
	}
	return os.Rename(draft, link)
}

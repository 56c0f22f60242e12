package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// importImages gives containerd every archive below agent/images, as K3s and RKE2 do at each start.
// ctr unpacks gzip and zstd itself; lists of names (.txt) would be pulled, which the double cannot.
func importImages(ctx context.Context, c *Config, bin string) error {
	directory := c.Dir("agent", "images")
	entries, err := os.ReadDir(directory)
	if os.IsNotExist(err) {
		return nil
	} else if err != nil {
		return err
	}
	for _, entry := range entries {
		path := filepath.Join(directory, entry.Name())
		if !isArchive(entry.Name()) {
			warnf("Skipping %s: not an archive of images", path)
			continue
		}
		begun := time.Now()
		if err := importImage(ctx, bin, path); err != nil {
			errorf("Error encountered while importing %s: %v", path, err)
			continue
		}
		infof("Imported images from %s in %s", path, time.Since(begun).Round(time.Millisecond))
	}
	return nil
}

func importImage(ctx context.Context, bin, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	command := exec.CommandContext(ctx, filepath.Join(bin, "ctr"),
		"--address", containerdSocket, "--namespace", "k8s.io", "images", "import",
		"--label", "io.cri-containerd.pinned=pinned", "-")
	var said bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = file, io.Discard, &said
	if err := command.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(said.String()))
	}
	return nil
}

func isArchive(name string) bool {
	for _, ending := range []string{".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst"} {
		if strings.HasSuffix(name, ending) {
			return true
		}
	}
	return false
}

var errNotReady = errors.New("not ready")

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
)

func programWith(t *testing.T, files map[string]string) string {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zipped)
	for name, text := range files {
		header := &tar.Header{Name: name, Mode: 0o755, Size: int64(len(text)), Typeflag: tar.TypeReg}
		if err := archive.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	link := &tar.Header{Name: "bin/kubectl", Linkname: "kube", Typeflag: tar.TypeSymlink}
	if err := archive.WriteHeader(link); err != nil {
		t.Fatal(err)
	}
	archive.Close()
	zipped.Close()
	sum := sha256.Sum256(packed.Bytes())
	whole := append([]byte("the program itself"), packed.Bytes()...)
	whole = append(whole, hex.EncodeToString(sum[:])...)
	whole = binary.BigEndian.AppendUint64(whole, uint64(packed.Len()))
	whole = append(whole, payloadMagic...)
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, whole, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestThePayloadIsLaidOnce(t *testing.T) {
	c := configAt(t, "")
	self := programWith(t, map[string]string{"bin/kube": "seven programs"})
	bin, err := unpackPayload(c, self)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		filepath.Join(bin, "kubectl"), c.Dir("data", "current", "bin", "kube"),
	} {
		if raw, err := os.ReadFile(path); err != nil || string(raw) != "seven programs" {
			t.Errorf("%s: %q %v", path, raw, err)
		}
	}
	again, err := unpackPayload(c, self)
	if err != nil || again != bin {
		t.Errorf("%s became %s: %v", bin, again, err)
	}
}

func TestRKE2LinksItsPrograms(t *testing.T) {
	c := configAt(t, "")
	c.Distro = distroRKE2
	bin, err := unpackPayload(c, programWith(t, map[string]string{"bin/kube": "x"}))
	if err != nil {
		t.Fatal(err)
	}
	if target, _ := os.Readlink(c.Dir("bin")); target != bin {
		t.Errorf("bin is %q, expected %s", target, bin)
	}
}

func TestAPayloadCannotLeaveItsPlace(t *testing.T) {
	c := configAt(t, "")
	if _, err := unpackPayload(c, programWith(t, map[string]string{"../out": "x"})); err == nil {
		t.Error("it could")
	}
}

func TestAProgramWithoutPayloadSaysSo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "program")
	put(t, path, "short")
	if _, err := unpackPayload(configAt(t, ""), path); err == nil {
		t.Error("no error")
	}
}

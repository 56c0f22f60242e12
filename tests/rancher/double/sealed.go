package main

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// The files that all servers share lie in the datastore, too, sealed with the token: a server that
// starts upon a restored snapshot, or upon an external datastore, has them from there.

const sealedPrefix = "/bootstrap/"

func sealedKey(password string) string {
	sum := sha256.Sum256([]byte(password))
	return sealedPrefix + hex.EncodeToString(sum[:6])
}

func seal(password string, files map[string][]byte) ([]byte, error) {
	box, err := cipherOf(password)
	if err != nil {
		return nil, err
	}
	plain, err := json.Marshal(files)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, box.NonceSize())
	rand.Read(nonce)
	return base64.StdEncoding.AppendEncode(nil, box.Seal(nonce, nonce, plain, nil)), nil
}

func unseal(password string, text []byte) (map[string][]byte, error) {
	box, err := cipherOf(password)
	if err != nil {
		return nil, err
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(raw) < box.NonceSize() {
		return nil, errors.New("bootstrap data is damaged")
	}
	plain, err := box.Open(nil, raw[:box.NonceSize()], raw[box.NonceSize():], nil)
	if err != nil {
		return nil, errors.New("bootstrap data already found and encrypted with different token")
	}
	var files map[string][]byte
	return files, json.Unmarshal(plain, &files)
}

func cipherOf(password string) (cipher.AEAD, error) {
	key := sha256.Sum256([]byte(password))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// load gives the shared files that the datastore holds; nil without any.
func (s *datastore) load(ctx context.Context, password string) (map[string][]byte, error) {
	raw, err := s.etcdctl(ctx, nil, "get", "--prefix", sealedPrefix)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	if len(lines) < 2 {
		return nil, nil
	}
	for at := 0; at+1 < len(lines); at += 2 {
		if lines[at] == sealedKey(password) {
			return unseal(password, []byte(lines[at+1]))
		}
	}
	return nil, errors.New("bootstrap data already found and encrypted with different token")
}

// save stores the shared files unless they are there.
func (s *datastore) save(ctx context.Context, password string, files map[string][]byte) error {
	if found, err := s.load(ctx, password); err != nil || found != nil {
		return err
	}
	text, err := seal(password, files)
	if err != nil {
		return err
	}
	key := sealedKey(password)
	script := fmt.Sprintf("mod(%q) = \"0\"\n\nput %s %s\n\n\n", key, key, text)
	_, err = s.etcdctl(ctx, []byte(script), "txn")
	return err
}

package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Token is what nodes join with: K10<sha256 of the CA>::<user>:<password>, or a password alone.
type Token struct {
	CAHash   string // hexadecimal; empty when the token does not pin the CA
	User     string // "server" or "node"
	Password string
}

var caHash = regexp.MustCompile(`^[0-9a-f]{64}$`)

// ParseToken reads either form; user is who a bare password belongs to.
func ParseToken(text, user string) (Token, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return Token{}, errors.New("token is empty")
	}
	if !strings.HasPrefix(text, "K10") {
		return Token{User: user, Password: text}, nil
	}
	hash, rest, ok := strings.Cut(text[3:], "::")
	if !ok || !caHash.MatchString(hash) {
		return Token{}, errors.New("invalid token: expected K10<CA hash>::<user>:<password>")
	}
	name, password, ok := strings.Cut(rest, ":")
	if !ok || name == "" || password == "" {
		return Token{}, errors.New("invalid token: expected <user>:<password> after its CA hash")
	}
	return Token{CAHash: hash, User: name, Password: password}, nil
}

// FormatToken gives the full token that pins the CA.
func FormatToken(ca []byte, user, password string) string {
	return "K10" + hashCA(ca) + "::" + user + ":" + password
}

// randomKey gives 32 random bytes in base64.
func randomKey() string {
	raw := make([]byte, 32)
	rand.Read(raw)
	return base64.StdEncoding.EncodeToString(raw)
}

func hashCA(ca []byte) string {
	sum := sha256.Sum256(ca)
	return hex.EncodeToString(sum[:])
}

// Trusts tells whether a server's CA is the one that the token pins; a bare password pins none.
func (t Token) Trusts(ca []byte) error {
	if got := hashCA(ca); t.CAHash != "" && t.CAHash != got {
		return fmt.Errorf("token CA hash does not match the Cluster CA certificate hash: %s != %s",
			t.CAHash, got)
	}
	return nil
}

func randomPassword() string {
	raw := make([]byte, 16)
	rand.Read(raw)
	return hex.EncodeToString(raw)
}

// secrets are the passwords of a cluster: of servers and of agents.
type secrets struct{ server, agent string }

// settleSecrets takes the configured token, else the one that stands, else makes one.
//
// A configured token that is not the one of the cluster on this disk is refused.
func settleSecrets(c *Config) (secrets, error) {
	given, err := c.Token()
	if err != nil {
		return secrets{}, err
	}
	var found secrets
	if raw, err := os.ReadFile(c.Dir("server", "token")); err == nil {
		standing, err := ParseToken(string(raw), "server")
		if err != nil {
			return secrets{}, fmt.Errorf("%s: %w", c.Dir("server", "token"), err)
		}
		found.server = standing.Password
	}
	if given != "" {
		token, err := ParseToken(given, "server")
		if err != nil {
			return secrets{}, err
		}
		if found.server != "" && found.server != token.Password {
			return secrets{}, errors.New(
				"bootstrap data already found and encrypted with different token")
		}
		found.server = token.Password
	}
	if found.server == "" {
		found.server = randomPassword()
	}
	if found.agent, err = c.AgentToken(); err != nil {
		return secrets{}, err
	}
	if found.agent == "" {
		found.agent = found.server
	} else if token, err := ParseToken(found.agent, "node"); err == nil {
		found.agent = token.Password
	}
	return found, nil
}

// writeTokens writes server/token, node-token and agent-token, as documented: full tokens.
func writeTokens(c *Config, ca []byte, s secrets) error {
	files := map[string]string{"token": FormatToken(ca, "server", s.server) + "\n"}
	links := map[string]string{"node-token": "token"}
	if s.agent == s.server {
		links["agent-token"] = "token"
	} else {
		files["agent-token"] = FormatToken(ca, "node", s.agent) + "\n"
	}
	for name, text := range files {
		file := c.Dir("server", name)
		if target, _ := os.Readlink(file); target != "" {
			os.Remove(file)
		}
		if err := writeFile(file, []byte(text), 0o600); err != nil {
			return err
		}
	}
	for name, target := range links {
		file := c.Dir("server", name)
		os.Remove(file)
		if err := os.Symlink(filepath.Join(c.Dir("server"), target), file); err != nil {
			return err
		}
	}
	return nil
}

// writeFile replaces a file whole, and makes its directory; same content leaves it alone.
func writeFile(path string, data []byte, mode os.FileMode) error {
	if old, err := os.ReadFile(path); err == nil && string(old) == string(data) {
		return os.Chmod(path, mode)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	draft := path + ".new"
	if err := os.WriteFile(draft, data, mode); err != nil {
		return err
	}
	if err := os.Chmod(draft, mode); err != nil {
		return err
	}
	return os.Rename(draft, path)
}

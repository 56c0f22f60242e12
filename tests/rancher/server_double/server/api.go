package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
)

type object = map[string]any

// api is what of Rancher's API an import uses, kept in memory.
type api struct {
	lock     sync.Mutex
	cacerts  string
	url      string
	password string
	sessions map[string]bool
	clusters map[string]object
	tokens   []object
}

func newAPI(cacerts string) http.Handler {
	made := &api{
		cacerts:  cacerts,
		url:      "https://" + os.Getenv("RANCHER_HOSTNAME"),
		password: os.Getenv("CATTLE_BOOTSTRAP_PASSWORD"),
		sessions: map[string]bool{},
		clusters: map[string]object{"local": {"id": "local", "type": "cluster", "name": "local", "state": "active"}},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ping", text("pong"))
	mux.HandleFunc("GET /healthz", text("ok"))
	mux.HandleFunc("POST /v3-public/localProviders/local", made.login)
	mux.HandleFunc("GET /v3/settings/{name}", made.setting)
	mux.HandleFunc("GET /v3/import/{file}", made.manifest)
	mux.HandleFunc("POST /v3/connect", made.connect)
	mux.HandleFunc("POST /v3/tokens", made.known(made.logout))
	mux.HandleFunc("GET /v3/clusters", made.known(made.list))
	mux.HandleFunc("POST /v3/clusters", made.known(made.create))
	mux.HandleFunc("PUT /v3/clusters/{id}", made.known(made.update))
	mux.HandleFunc("DELETE /v3/clusters/{id}", made.known(made.remove))
	mux.HandleFunc("GET /v3/clusterregistrationtokens", made.known(made.registrations))
	mux.HandleFunc("POST /v3/clusterregistrationtokens", made.known(made.register))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		made.lock.Lock()
		defer made.lock.Unlock()
		mux.ServeHTTP(w, r)
	})
}

func text(said string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, said) }
}

func answer(w http.ResponseWriter, status int, document any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(document)
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, object{"type": "error", "status": status, "code": code, "message": message})
}

func page(found []object) object {
	if found == nil {
		found = []object{}
	}
	return object{"type": "collection", "data": found, "pagination": object{"limit": 1000}}
}

func body(r *http.Request) object {
	found := object{}
	_ = json.NewDecoder(r.Body).Decode(&found)
	return found
}

func word() string {
	drawn := make([]byte, 12)
	_, _ = rand.Read(drawn)
	return hex.EncodeToString(drawn)
}

func (a *api) login(w http.ResponseWriter, r *http.Request) {
	given := body(r)
	if r.URL.Query().Get("action") != "login" || given["username"] != "admin" || given["password"] != a.password {
		refuse(w, http.StatusUnauthorized, "Unauthorized", "authentication failed")
		return
	}
	token := "token-" + word()[:5] + ":" + word()
	a.sessions[token] = true
	answer(w, http.StatusCreated, object{"type": "token", "token": token})
}

func (a *api) known(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !a.sessions[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")] {
			refuse(w, http.StatusUnauthorized, "Unauthorized", "must authenticate")
			return
		}
		next(w, r)
	}
}

func (a *api) logout(w http.ResponseWriter, r *http.Request) {
	delete(a.sessions, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	answer(w, http.StatusOK, object{})
}

func (a *api) setting(w http.ResponseWriter, r *http.Request) {
	values := map[string]string{"cacerts": a.cacerts, "server-url": a.url, "agent-tls-mode": "strict"}
	name := r.PathValue("name")
	answer(w, http.StatusOK, object{"id": name, "type": "setting", "value": values[name]})
}

func (a *api) list(w http.ResponseWriter, r *http.Request) {
	var found []object
	for _, one := range a.clusters {
		if name := r.URL.Query().Get("name"); name == "" || one["name"] == name {
			found = append(found, one)
		}
	}
	answer(w, http.StatusOK, page(found))
}

func (a *api) create(w http.ResponseWriter, r *http.Request) {
	one := body(r)
	id := "c-" + word()[:5]
	one["id"], one["state"] = id, "pending"
	a.clusters[id] = one
	answer(w, http.StatusCreated, one)
}

func (a *api) update(w http.ResponseWriter, r *http.Request) {
	one, there := a.clusters[r.PathValue("id")]
	if !there {
		refuse(w, http.StatusNotFound, "NotFound", "no such cluster")
		return
	}
	for name, value := range body(r) {
		one[name] = value
	}
	answer(w, http.StatusOK, one)
}

func (a *api) remove(w http.ResponseWriter, r *http.Request) {
	delete(a.clusters, r.PathValue("id"))
	w.WriteHeader(http.StatusNoContent)
}

func (a *api) registrations(w http.ResponseWriter, r *http.Request) {
	var found []object
	for _, one := range a.tokens {
		if cluster := r.URL.Query().Get("clusterId"); cluster == "" || one["clusterId"] == cluster {
			found = append(found, one)
		}
	}
	answer(w, http.StatusOK, page(found))
}

func (a *api) register(w http.ResponseWriter, r *http.Request) {
	given := body(r)
	token := word()
	url := fmt.Sprintf("%s/v3/import/%s_%s.yaml", a.url, token, given["clusterId"])
	one := object{
		"type": "clusterRegistrationToken", "clusterId": given["clusterId"], "token": token,
		"manifestUrl": url, "command": "kubectl apply -f " + url,
		"insecureCommand": "curl --insecure -sfL " + url + " | kubectl apply -f -",
	}
	a.tokens = append(a.tokens, one)
	answer(w, http.StatusCreated, one)
}

func (a *api) manifest(w http.ResponseWriter, r *http.Request) {
	file := strings.TrimSuffix(r.PathValue("file"), ".yaml")
	for _, one := range a.tokens {
		if file == fmt.Sprintf("%s_%s", one["token"], one["clusterId"]) {
			fmt.Fprintf(w, agentManifest, one["token"], a.url, checksum(a.cacerts), os.Getenv("RANCHER_IMAGE"))
			return
		}
	}
	refuse(w, http.StatusNotFound, "NotFound", "no such token")
}

// connect is where an agent says that its cluster is there.
func (a *api) connect(w http.ResponseWriter, r *http.Request) {
	given := body(r)
	for _, one := range a.tokens {
		if given["token"] == one["token"] {
			a.clusters[one["clusterId"].(string)]["state"] = "active"
			answer(w, http.StatusOK, object{})
			return
		}
	}
	refuse(w, http.StatusUnauthorized, "Unauthorized", "no such token")
}

// checksum is what an agent knows Rancher's CA by: the certificates end with one newline.
func checksum(cacerts string) string {
	if cacerts == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.TrimRight(cacerts, "\n") + "\n"))
	return hex.EncodeToString(sum[:])
}

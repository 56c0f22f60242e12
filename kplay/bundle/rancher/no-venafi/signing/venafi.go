// Package venafi names the controller that this build leaves out: see package issuer/venafi.
package venafi

// CSRControllerName is the name that settings know it by.
const CSRControllerName = "certificatesigningrequests-issuer-venafi"

// Package venafi names the controller that this build leaves out: see package issuer/venafi.
package venafi

// CRControllerName is the name that settings know it by.
const CRControllerName = "certificaterequests-issuer-venafi"

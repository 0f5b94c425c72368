// Package redaction takes out of evidence what rules name, before any of it is stored: names, mail addresses, IP addresses and what
// else a data-protection officer wants gone. A value is dropped, or becomes a pseudonym that only who has the key can lead back. The
// sink of a collection applies it to all that collectors put and add; collectors know nothing of it. What is no JSON where JSON is due
// is taken out whole: nobody can say which field a broken line belongs to. docs/redaction.md explains it to those who decide the rules.
package redaction

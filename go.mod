module apotheca

go 1.26

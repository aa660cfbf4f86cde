# One static program in an otherwise empty image, run by nobody in particular:
#
#   docker build --tag apotheca .
#   docker run --rm --volume apotheca:/data apotheca run clinical-trials --sample

FROM golang:1.26.0-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=container
RUN go build -trimpath -tags netgo,osusergo \
        -ldflags "-s -w -X main.version=${VERSION} -linkmode external -extldflags -static" \
        -o /image/apotheca ./cmd/apotheca && \
    mkdir -p /image/data /image/tmp /image/etc/ssl/certs && \
    cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/

FROM scratch
COPY --from=build --chown=65532:65532 /image /
USER 65532:65532
WORKDIR /data
VOLUME /data
ENTRYPOINT ["/apotheca"]
CMD ["--help"]
# The journal can be read: with a run under way as well as after it.
HEALTHCHECK --interval=60s --timeout=10s CMD ["/apotheca", "status"]

# All programs in one image: static binaries, no root. docker build --tag tributary .
ARG GO_IMAGE=golang:1.26-bookworm
ARG BASE_IMAGE=busybox:1.37-musl

FROM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -o /out/ ./cmd/...
RUN mkdir /state

# busybox for wget, which health checks use; the programs need nothing of it.
FROM ${BASE_IMAGE}
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/ /usr/local/bin/
COPY --from=build --chown=65532:65532 /state /var/lib/tributary
USER 65532:65532
WORKDIR /var/lib/tributary
ENV TRIBUTARY_STATE_DIR=/var/lib/tributary \
    TRIBUTARY_LISTEN=0.0.0.0:8080
EXPOSE 8080
VOLUME /var/lib/tributary
CMD ["tributary", "demo"]

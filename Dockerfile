# All programs in one image: static binaries, no shell, no root. The command names the program:
#
#   docker build --tag tributary .       compiles in a container; needs the image GO_IMAGE
#   make image                           compiles with Go on this machine; needs no image at all
#   docker run tributary channelgmv --brokers kafka-1:9092
ARG GO_IMAGE=golang:1.26-bookworm
ARG BASE_IMAGE=scratch

# What both ways have in common. State is in /var/lib/tributary: give processors a volume there and an --instance.
FROM ${BASE_IMAGE} AS base
ENV PATH=/usr/local/bin \
    TRIBUTARY_STATE_DIR=/var/lib/tributary \
    TRIBUTARY_LISTEN=0.0.0.0:8080
EXPOSE 8080
CMD ["tributary", "demo"]

# Of a folder with programs/, certificates/ and state/ that somebody else has filled: make image.
FROM base AS packed
COPY certificates/ /etc/ssl/certs/
COPY programs/ /usr/local/bin/
COPY --chown=65532:65532 state/ /var/lib/tributary/
WORKDIR /var/lib/tributary
USER 65532:65532

FROM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -o /out/ ./cmd/... && mkdir /state

FROM base
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/ /usr/local/bin/
COPY --from=build --chown=65532:65532 /state/ /var/lib/tributary/
WORKDIR /var/lib/tributary
USER 65532:65532

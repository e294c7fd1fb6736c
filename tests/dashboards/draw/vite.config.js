// SPDX-License-Identifier: Apache-2.0
// The page as plain files in dist/.
export default {
	// Some of what Grafana's components import asks for Node's process.
	define: { 'process.env': {}, 'process.env.NODE_ENV': '"production"' },
	esbuild: { jsx: 'automatic' },
	build: { chunkSizeWarningLimit: 20000, minify: false, sourcemap: false, reportCompressedSize: false },
};

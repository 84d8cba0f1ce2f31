/**
 * The document of the page: what a browser loads first. Its addresses are relative, so that a proxy may
 * serve the page below a path.
 *
 * @module
 */

/** The icon, an SVG: the sine of a signal, in the accent colour of the page. */
export const ICON: string = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">' +
  '<rect width="32" height="32" rx="7" fill="#0b6e74"/>' +
  '<path d="M5 16c3-11 8-11 11 0s8 11 11 0" fill="none" stroke="#fff" stroke-width="3" ' +
  'stroke-linecap="round"/></svg>';

/** The document. */
export const HTML: string = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>MSL-Network</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(ICON)}">
<link rel="stylesheet" href="assets/page.css">
<script type="module" src="assets/page.js"></script>
</head>
<body>
<noscript>This page needs JavaScript.</noscript>
</body>
</html>
`;

/** What the TypeScript compiler leaves behind in `nodes/` and `icons/`: pictures and node metadata. */
const { dest, parallel, src } = require('gulp');

const icons = () => src('icons/**/*.svg', { base: '.', encoding: false }).pipe(dest('dist'));
const metadata = () => src('nodes/**/*.node.json', { base: '.' }).pipe(dest('dist'));

exports.assets = parallel(icons, metadata);
exports.default = exports.assets;

// The bridge uses a Chromium that is already on the machine; installing this repository must never download one.
module.exports = { skipDownload: true };

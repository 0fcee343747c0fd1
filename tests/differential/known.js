"use strict";
module.exports = [];

/**
 * `next/root-params`. Its functions are named after the application's own parameters, so a compiler has to make them; Ironside
 * does not yet. Empty, so that an import says which name is missing.
 */
export {};

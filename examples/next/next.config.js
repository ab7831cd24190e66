/** Nothing has to be said for Posthorn: Next may bundle it. */
export default {}

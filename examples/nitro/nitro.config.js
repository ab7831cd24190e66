/** Nothing has to be said for Posthorn: Nitro may bundle it. */
export default { serverDir: './' }

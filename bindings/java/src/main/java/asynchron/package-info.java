/**
 * A value that arrives later: asynchrons of the C library, for Java. {@link asynchron.Asynchron} is the way in.
 */
package asynchron;

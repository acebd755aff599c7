// Value.java: what was delivered, copied out of C.
package asynchron;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** What was delivered: bytes, an object of Java, a pointer of C, or nothing. It outlives its asynchron. */
public final class Value {
    private static final byte[] NONE = {};

    private final byte[] bytes;
    private final Object object;
    private final long pointer;

    private Value(byte[] bytes, Object object, long pointer) {
        this.bytes = bytes;
        this.object = object;
        this.pointer = pointer;
    }

    /** The value at this address, of an asynchron that the caller holds. */
    static Value copy(long data, long length) {
        if (length != 0)
            return new Value(Native.bytes(data, length).toArray(ValueLayout.JAVA_BYTE), null, 0);
        return new Value(NONE, Kept.at(data), data);
    }

    /** {@return whether nothing was delivered: null, no bytes, or the null pointer} */
    public boolean isEmpty() {
        return bytes.length == 0 && pointer == 0;
    }

    /** {@return a copy of the bytes; none of an object} */
    public byte[] bytes() {
        return bytes.clone();
    }

    /** {@return the bytes as text in UTF-8} */
    public String string() {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /**
     * {@return the number that was delivered as 8 bytes: signed, or all 64 bits of an unsigned one, for
     * {@link Long#toUnsignedString(long)} and {@link Long#compareUnsigned(long, long)}}
     *
     * @throws IllegalStateException if it has another length
     */
    public long asLong() {
        return eight().getLong();
    }

    /** {@return the same number without a sign, up to 2^64 - 1} */
    public BigInteger asUnsigned() {
        return new BigInteger(Long.toUnsignedString(asLong()));
    }

    /**
     * {@return the number that was delivered as a double}
     *
     * @throws IllegalStateException if it has another length
     */
    public double asDouble() {
        return eight().getDouble();
    }

    private ByteBuffer eight() {
        if (bytes.length != 8)
            throw new IllegalStateException("a number has 8 bytes, and this value has " + bytes.length);
        return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    }

    /** {@return the same object that was delivered in this process, or null if the value is none} */
    public Object object() {
        return object;
    }

    /** {@return the address that was delivered as a pointer, of length 0; it may be gone with the asynchron} */
    public MemorySegment pointer() {
        return MemorySegment.ofAddress(pointer);
    }

    /** {@return what it is, for a log} */
    @Override
    public String toString() {
        if (object != null)
            return object.toString();
        return pointer != 0 ? "0x" + Long.toHexString(pointer) : string();
    }
}

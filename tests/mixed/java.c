/* java.c: a Java virtual machine inside of a C program; Mixed.java does the work, by the foreign function interface.
 *
 * libjvm.so is loaded from where MIXED_JVM says; where that is not set, there is no Java.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "share.h"

#ifdef NO_JAVA

int java_is_there(void)
{
    return 0;
}

int java_host(struct share *share)
{
    (void)share;
    return -1;
}

#else

#include <jni.h>

typedef jint create_fn(JavaVM **vm, void **env, void *arguments);

int java_is_there(void)
{
    const char *path = getenv("MIXED_JVM");

    return path != NULL && *path != '\0';
}

static int create(JavaVM **vm, JNIEnv **env)
{
    static char limit[] = "-Xmx64m", signals[] = "-Xrs", classes[] = "-Djava.class.path=build/java",
                access[] = "--enable-native-access=ALL-UNNAMED", check[] = "-Xcheck:jni";
    void *library = dlopen(getenv("MIXED_JVM"), RTLD_NOW | RTLD_GLOBAL);
    void *found = library == NULL ? NULL : dlsym(library, "JNI_CreateJavaVM");
    JavaVMOption options[5];
    JavaVMInitArgs arguments;
    create_fn *make;
    int n = 0;

    if (found == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return -1;
    }
    memcpy(&make, &found, sizeof make);
    memset(options, 0, sizeof options);
    options[n++].optionString = limit;
    options[n++].optionString = signals; /* signals that end the program are the program's */
    options[n++].optionString = classes;
    options[n++].optionString = access;
    if (getenv("MIXED_CHECK_JNI") != NULL)
        options[n++].optionString = check;
    arguments.version = JNI_VERSION_10;
    arguments.nOptions = n;
    arguments.options = options;
    arguments.ignoreUnrecognized = JNI_FALSE;
    return make(vm, (void **)env, &arguments) == JNI_OK ? 0 : -1;
}

static int work(JNIEnv *env, struct share *share)
{
    jclass mixed = (*env)->FindClass(env, "Mixed");
    jmethodID run = mixed == NULL ? NULL : (*env)->GetStaticMethodID(env, mixed, "run", "(J)V");

    if (run != NULL)
        (*env)->CallStaticVoidMethod(env, mixed, run, (jlong)(uintptr_t)share);
    if (!(*env)->ExceptionCheck(env))
        return 0;
    (*env)->ExceptionDescribe(env);
    return -1;
}

int java_host(struct share *share)
{
    JavaVM *vm = NULL;
    JNIEnv *env = NULL;
    int done;

    if (create(&vm, &env) != 0)
        return -1;
    done = work(env, share);
    /* A thread of Java's waits for `late`. No callback is registered any more. */
    return (*vm)->DestroyJavaVM(vm) == JNI_OK ? done : -1;
}

#endif

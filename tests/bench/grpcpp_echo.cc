// The baseline grpcpp-echo: a server by grpc++'s callback API that answers every unary call with a few bytes at once.
// Prints its address and runs until it is killed.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <cstdio>

namespace {

// As long as an answer of GetClock.
const char kAnswer[] = "0123456789";

class Reactor final : public grpc::ServerGenericBidiReactor {
  public:
    Reactor()
    {
        StartRead(&request_);
    }

    void OnReadDone(bool ok) override
    {
        if (!ok) {
            Finish(grpc::Status(grpc::StatusCode::INTERNAL, "no request"));
            return;
        }
        grpc::Slice slice(kAnswer, sizeof kAnswer - 1);

        answer_ = grpc::ByteBuffer(&slice, 1);
        StartWriteAndFinish(&answer_, grpc::WriteOptions(), grpc::Status::OK);
    }

    void OnDone() override
    {
        delete this;
    }

  private:
    grpc::ByteBuffer request_;
    grpc::ByteBuffer answer_;
};

class Echo final : public grpc::CallbackGenericService {
    grpc::ServerGenericBidiReactor *CreateReactor(grpc::GenericCallbackServerContext *) override
    {
        return new Reactor();
    }
};

} // namespace

int main()
{
    Echo echo;
    int port = 0;
    grpc::ServerBuilder builder;

    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterCallbackGenericService(&echo);
    std::unique_ptr<grpc::Server> server = builder.BuildAndStart();

    if (!server)
        return 1;
    std::printf("127.0.0.1:%d\n", port);
    std::fflush(stdout);
    server->Wait();
    return 0;
}
